"""Text frames to messages and back. What a client sent is parsed here, once."""

import msgspec

from trio_sfu.errors import NOT_JSON, ProtocolError
from trio_sfu.signaling.messages import MAX_MESSAGE_BYTES, ClientMessage, ServerMessage

_decoder = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()


def decode(frame: str | bytes, most: int = MAX_MESSAGE_BYTES) -> ClientMessage:
    """Return the message in a WebSocket frame of at most ``most`` bytes.

    Raises ProtocolError with one of the codes message-binary, message-too-large,
    message-malformed and message-unknown.
    """
    if isinstance(frame, bytes):
        raise ProtocolError("messages are text frames", code="message-binary")
    data = frame.encode()
    if len(data) > most:
        raise ProtocolError(
            f"the message has {len(data)} bytes; {most} are allowed",
            code="message-too-large",
        )
    try:
        message: ClientMessage = _decoder.decode(data)
    except msgspec.ValidationError as error:
        unknown = str(error).startswith("Invalid value") and str(error).endswith("`$.type`")
        code = "message-unknown" if unknown else "message-malformed"
        raise ProtocolError(str(error), code=code) from None
    except NOT_JSON as error:
        raise ProtocolError(f"not JSON: {error}", code="message-malformed") from None
    return message


def encode(message: ServerMessage) -> str:
    """Return the text frame of a message."""
    return _encoder.encode(message).decode()
