"""Who gets how much of a viewer's link: pure, without clock and engine."""
