//! The type aliases of the interface, so that they can be imported as the classes are.

use pyo3::prelude::*;
use trio_sfu_srtp::Profile;
use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::ExtensionKind;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    add(module, "Kind", ["audio", "video"])?;
    add(module, "Codec", Codec::ALL.iter().map(|codec| codec.as_str()))?;
    add(module, "Extension", ExtensionKind::ALL.iter().map(|kind| kind.as_str()))?;
    add(module, "Profile", Profile::ALL.iter().map(|profile| profile.name()))
}

/// A union of one-word literals: the form in which stubtest accepts `Literal["a", "b"]`.
fn add<'a>(
    module: &Bound<'_, PyModule>,
    name: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> PyResult<()> {
    let literal = module.py().import("typing")?.getattr("Literal")?;
    let literals = words.into_iter().map(|word| literal.get_item(word));
    let union = literals.reduce(|union, word| union?.bitor(word?));
    module.add(name, union.transpose()?)
}
