"""The one TCP port: accepts, reads a request's head, and hands the stream on."""
