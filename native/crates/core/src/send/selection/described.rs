//! Layers of any codec by its dependency descriptors (RTP Payload Format For AV1, appendix A).

use trio_sfu_wire::codec::dependency_descriptor::{Frame, Indication, Structure};

use super::{Limit, Rule, Selection};

impl Selection {
    /// The decode target the limit means, of those that are active.
    pub(super) fn wanted(&self, structure: &Structure, active: u32) -> u8 {
        structure.target(self.limit.spatial(), self.limit.temporal(), active)
    }

    /// Whether a frame was left out, or has not come: then it may yet be left out.
    fn lacks(&self, number: u16) -> bool {
        self.dropped[0].has(number) || self.missing.has(number)
    }

    /// To another decode target at a keyframe; at a frame that says that whoever has it can
    /// go on with the target, and that we have all references of; and at once to one all of
    /// whose frames have been forwarded.
    pub(super) fn described(
        &self,
        frame: &Frame,
        structure: &Structure,
        active: u32,
        begins: bool,
    ) -> Rule {
        let wanted = self.wanted(structure, active);
        match self.rule {
            Rule::Target(shown) if shown == wanted => self.rule,
            Rule::All if self.limit == Limit::default() => Rule::All,
            // The frame before was marked as the last of the picture.
            Rule::Target(shown) if !begins && structure.above(wanted, shown) => self.rule,
            _ if frame.mandatory.has_structure => Rule::Target(wanted),
            Rule::All => Rule::Target(wanted),
            Rule::Target(_) | Rule::Layers { .. } => {
                let mut references = frame.references.differences();
                let number = frame.mandatory.frame_number;
                let whole = !references.any(|back| self.lacks(number.wrapping_sub(back)));
                let switch = whole && frame.indications.of(wanted) == Indication::Switch;
                let within = matches!(self.rule, Rule::Target(shown)
                    if structure.contains(shown, wanted));
                if switch || within { Rule::Target(wanted) } else { self.rule }
            }
        }
    }
}
