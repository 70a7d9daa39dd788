"""The HTTP application: the page, health, metrics and the API."""
