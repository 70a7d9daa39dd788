"""Whether what ``trio-sfu size`` predicts is what a daemon does."""
