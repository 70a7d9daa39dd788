"""WebRTC negotiation and DTLS. The only package that may import asyncio, aiortc or trio_asyncio."""
