//! The event classes.

use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use trio_sfu_core::event::Event;
use trio_sfu_driver::Report;

/// A layer as Python sees it.
type MeasuredLayer = (String, u8, u8, u64, u16, u16);

macro_rules! event_classes {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),+ })+) => {
        $(
            $(#[$doc])*
            #[pyclass(frozen, eq, hash, get_all, module = "trio_sfu._native")]
            #[derive(Debug, PartialEq, Eq, Hash)]
            pub(crate) struct $name { $($field: $type),+ }

            #[pymethods]
            impl $name {
                #[new]
                fn new($($field: $type),+) -> Self {
                    Self { $($field),+ }
                }

                #[classattr]
                fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                    PyTuple::new(py, [$(stringify!($field)),+])
                }

                fn __repr__(event: &Bound<'_, Self>) -> PyResult<String> {
                    describe(event.as_any(), stringify!($name), &[$(stringify!($field)),+])
                }
            }
        )+

        pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(module.add_class::<$name>()?;)+
            let classes = [$(module.getattr(stringify!($name))),+];
            let union = classes.into_iter().reduce(|union, class| union?.bitor(class?));
            module.add("Event", union.transpose()?)
        }
    };
}

event_classes! {
    /// A datagram the engine does not handle itself (DTLS, RFC 7983 20..63).
    ControlDatagram { transport: u64, data: Vec<u8> }
    /// First authenticated binding request: the transport has an address to send to.
    Connected { transport: u64, host: String, port: u16 }
    /// The peer nominated another address; datagrams go there from now on.
    PathChanged { transport: u64, host: String, port: u16 }
    /// No authenticated binding request within the consent timeout (RFC 7675).
    ConsentExpired { transport: u64 }
    /// Nothing authenticated (STUN, SRTP, SRTCP) arrived for the silence timeout.
    Silent { transport: u64 }
    /// Something authenticated arrived again after Silent.
    Heard { transport: u64 }
    /// An encoding's packets arrive (first time, or again after a pause or a stop).
    EncodingStarted { up_track: u64, rid: String, ssrc: u32, codec: String }
    /// No packet of a video encoding for the encoding timeout, but its source is there.
    EncodingIdle { up_track: u64, rid: String }
    /// A video encoding is over: its source said goodbye, or gave no sign for long.
    EncodingStopped { up_track: u64, rid: String }
    /// How loud an audible audio track was over the last 100 ms (RFC 6464).
    AudioLevel { up_track: u64, level: u8, voice: bool, levels: Vec<u8> }
    /// What the layers of a video track cost has changed:
    /// (rid, spatial, temporal, bitrate, width, height).
    LayersMeasured { up_track: u64, layers: Vec<MeasuredLayer> }
    /// The slot has spliced to what it was last mapped to and shows it from now on.
    SlotSwitched { slot: u64, up_track: u64, rid: String }
    /// What the path to the peer carries, in bits/s, by the latest measurements.
    EstimateChanged { transport: u64, bitrate: u64 }
    /// A worker panicked; all of its transports are gone.
    WorkerPanicked { worker: usize, message: String }
    /// The bounded event queue overflowed; count events were dropped.
    EventsLost { count: u64 }
}

/// `Name(field=value, ...)`.
fn describe(event: &Bound<'_, PyAny>, name: &str, fields: &[&str]) -> PyResult<String> {
    let shown = fields
        .iter()
        .map(|field| Ok(format!("{field}={}", event.getattr(*field)?.repr()?)))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(format!("{name}({})", shown.join(", ")))
}

/// The Python object for `report`.
pub(crate) fn to_python(py: Python<'_>, report: Report) -> PyResult<Py<PyAny>> {
    fn object<T: PyClass + Into<PyClassInitializer<T>>>(
        py: Python<'_>,
        event: T,
    ) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, event)?.into_any())
    }
    match report {
        Report::WorkerPanicked { worker, message } => {
            object(py, WorkerPanicked { worker, message })
        }
        Report::Engine(event) => match event {
            Event::ControlDatagram { transport, data } => {
                object(py, ControlDatagram { transport: transport.0, data })
            }
            Event::Connected { transport, remote } => object(
                py,
                Connected {
                    transport: transport.0,
                    host: remote.address.ip().to_string(),
                    port: remote.address.port(),
                },
            ),
            Event::PathChanged { transport, remote } => object(
                py,
                PathChanged {
                    transport: transport.0,
                    host: remote.address.ip().to_string(),
                    port: remote.address.port(),
                },
            ),
            Event::ConsentExpired { transport } => {
                object(py, ConsentExpired { transport: transport.0 })
            }
            Event::Silent { transport } => object(py, Silent { transport: transport.0 }),
            Event::Heard { transport } => object(py, Heard { transport: transport.0 }),
            Event::EncodingStarted { up_track, rid, ssrc, codec } => object(
                py,
                EncodingStarted {
                    up_track: up_track.0,
                    rid: rid.as_str().to_owned(),
                    ssrc: ssrc.0,
                    codec: codec.as_str().to_owned(),
                },
            ),
            Event::EncodingIdle { up_track, rid } => {
                object(py, EncodingIdle { up_track: up_track.0, rid: rid.as_str().to_owned() })
            }
            Event::EncodingStopped { up_track, rid } => {
                object(py, EncodingStopped { up_track: up_track.0, rid: rid.as_str().to_owned() })
            }
            Event::AudioLevel { up_track, level, voice, levels } => {
                object(py, AudioLevel { up_track: up_track.0, level, voice, levels })
            }
            Event::LayersMeasured { up_track, layers } => {
                let layers = layers.into_iter().map(|layer| {
                    let rid = layer.rid.as_str().to_owned();
                    let (spatial, temporal) = (layer.spatial, layer.temporal);
                    (rid, spatial, temporal, layer.bitrate, layer.width, layer.height)
                });
                object(py, LayersMeasured { up_track: up_track.0, layers: layers.collect() })
            }
            Event::SlotSwitched { slot, up_track, rid } => object(
                py,
                SlotSwitched { slot: slot.0, up_track: up_track.0, rid: rid.as_str().to_owned() },
            ),
            Event::EstimateChanged { transport, bitrate } => {
                object(py, EstimateChanged { transport: transport.0, bitrate })
            }
            Event::EventsLost { count } => object(py, EventsLost { count }),
        },
    }
}
