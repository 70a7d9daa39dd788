//! Python's words and numbers to the engine's types, checked.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use trio_sfu_core::command::{CodecMapping, CommandError, Kind};
use trio_sfu_core::config::Config;
use trio_sfu_srtp::Profile;
use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{ExtensionKind, Mid, PayloadType, Rid, Ssrc};

use crate::error::Failure;

/// `(payload_type, codec, clock_rate, rtx_payload_type)`.
pub(crate) type CodecArgument = (i64, String, i64, Option<i64>);

fn unknown(what: &str, word: &str) -> PyErr {
    PyValueError::new_err(format!("unknown {what}: {word:?}"))
}

fn refused(error: CommandError) -> PyErr {
    Failure::Refused(error).into()
}

pub(crate) fn kind(word: &str) -> PyResult<Kind> {
    match word {
        "audio" => Ok(Kind::Audio),
        "video" => Ok(Kind::Video),
        _ => Err(unknown("kind", word)),
    }
}

pub(crate) fn profile(word: &str) -> PyResult<Profile> {
    Profile::from_name(word).ok_or_else(|| unknown("profile", word))
}

pub(crate) fn mid(text: &str) -> PyResult<Mid> {
    Mid::new(text).map_err(|error| PyValueError::new_err(format!("bad mid {text:?}: {error}")))
}

/// "" stands for no RID.
pub(crate) fn rid(text: &str) -> PyResult<Rid> {
    if text.is_empty() {
        return Ok(Rid::EMPTY);
    }
    Rid::new(text).map_err(|error| PyValueError::new_err(format!("bad rid {text:?}: {error}")))
}

pub(crate) fn ssrc(number: i64) -> PyResult<Ssrc> {
    u32::try_from(number).map(Ssrc).map_err(|_| refused(CommandError::BadSsrc))
}

fn payload_type(number: i64) -> PyResult<PayloadType> {
    let number = u8::try_from(number).ok().filter(|&number| number < 128);
    number.map(PayloadType).ok_or_else(|| refused(CommandError::BadPayloadType))
}

pub(crate) fn codec(argument: CodecArgument) -> PyResult<CodecMapping> {
    let (number, name, clock_rate, rtx) = argument;
    let clock_rate = u32::try_from(clock_rate).ok().filter(|&rate| rate > 0);
    Ok(CodecMapping {
        payload_type: payload_type(number)?,
        codec: Codec::parse(&name).ok_or_else(|| unknown("codec", &name))?,
        clock_rate: clock_rate.ok_or_else(|| PyValueError::new_err("bad clock rate"))?,
        rtx: rtx.map(payload_type).transpose()?,
    })
}

pub(crate) fn extension((id, name): (i64, String)) -> PyResult<(u8, ExtensionKind)> {
    let kind = ExtensionKind::parse(&name).ok_or_else(|| unknown("extension", &name))?;
    // 0 is padding in both forms (RFC 8285).
    let id = u8::try_from(id).ok().filter(|&id| id != 0);
    Ok((id.ok_or_else(|| refused(CommandError::BadExtension))?, kind))
}

/// A numeric host and a port; an IPv4-mapped address is the IPv4 one.
pub(crate) fn address((host, port): &(String, u16)) -> PyResult<SocketAddr> {
    let ip: IpAddr =
        host.parse().map_err(|_| PyValueError::new_err(format!("not an IP address: {host:?}")))?;
    Ok(SocketAddr::new(ip.to_canonical(), *port))
}

/// The arguments `Engine` and `SimulatedEngine` share.
pub(crate) fn config(
    consent_timeout_ms: u64,
    silence_timeout_ms: u64,
    encoding_timeout_ms: u64,
    source_timeout_ms: u64,
    max_transports: usize,
    event_queue: usize,
) -> PyResult<Config> {
    let timeout = |name: &str, millis: u64| match millis {
        1..=86_400_000 => Ok(Duration::from_millis(millis)),
        _ => Err(PyValueError::new_err(format!("{name} must be 1 ms to a day"))),
    };
    if event_queue == 0 {
        return Err(PyValueError::new_err("event_queue must not be zero"));
    }
    Ok(Config {
        consent_timeout: timeout("consent_timeout_ms", consent_timeout_ms)?,
        silence_timeout: timeout("silence_timeout_ms", silence_timeout_ms)?,
        encoding_timeout: timeout("encoding_timeout_ms", encoding_timeout_ms)?,
        source_timeout: timeout("source_timeout_ms", source_timeout_ms)?,
        max_transports,
        max_events: event_queue,
        ..Config::default()
    })
}
