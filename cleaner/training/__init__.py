"""What train.py draws from and goes by: labelled clips, changed sounds, losses, and what 0.15 means."""
