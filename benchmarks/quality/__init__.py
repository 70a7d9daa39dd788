"""What a viewer sees and what a path carries, when the network is bad."""
