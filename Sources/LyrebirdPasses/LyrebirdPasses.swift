// Placeholder of the target LyrebirdPasses.
