"""What is meant to hold: `intents` are kept by those whom they concern, `states` is what is written down of how one stands."""
