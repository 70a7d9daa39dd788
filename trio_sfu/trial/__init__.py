"""The real engine for some seconds: on loopback, with made-up clients, without a daemon."""
