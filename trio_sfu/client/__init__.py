"""A Python client: join a room, publish pictures and sound, watch and hear the others.

::

    async with connect("http://127.0.0.1:8080", room="demo", name="bot") as client:
        await client.publish(camera=SyntheticVideo(), microphone=Tone(440))
        await client.until(lambda: client.peers)
        async for picture in client.video(next(iter(client.peers))):
            print(picture.width, picture.height, picture.corners())
        await client.write("hello")
        await client.until(lambda: client.state.chat)

``stay`` is the same for who wants to be there for long: it joins anew, and publishes the
same again, whenever the session is lost. Where the daemon asks for join tokens, both take
one (``token``).

It runs under trio. Tests, bots and load tools use it; it depends on nothing the server
does inside.
"""

from trio_sfu.client.client import Client, connect
from trio_sfu.client.errors import (
    ClientError,
    JoinError,
    NotNegotiatedError,
    RefusedError,
    SessionEndedError,
)
from trio_sfu.client.staying import Stay, stay
from trio_sfu.webrtc.reception import Picture, Reception
from trio_sfu.webrtc.sources import File, SyntheticVideo, Tone

__all__ = [
    "Client",
    "ClientError",
    "File",
    "JoinError",
    "NotNegotiatedError",
    "Picture",
    "Reception",
    "RefusedError",
    "SessionEndedError",
    "Stay",
    "SyntheticVideo",
    "Tone",
    "connect",
    "stay",
]
