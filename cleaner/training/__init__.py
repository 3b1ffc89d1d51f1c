"""What train.py draws from: labelled stretches, augmentation, and the calibration of 0.15."""
