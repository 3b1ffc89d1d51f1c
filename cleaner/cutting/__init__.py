"""From the network's answers to final segments: tidy-up, edges, kinds, actions, pace."""
