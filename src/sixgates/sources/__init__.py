"""Where exchanges come from: a live provider, a cassette, or the reference provider."""
