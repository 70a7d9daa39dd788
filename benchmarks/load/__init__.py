"""What forwarding costs: this SFU, another one and the floor, loaded by the same client."""
