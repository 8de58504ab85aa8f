// Placeholder of the target LyrebirdX64.
