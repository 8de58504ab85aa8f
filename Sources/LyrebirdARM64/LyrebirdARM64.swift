// Placeholder of the target LyrebirdARM64.
