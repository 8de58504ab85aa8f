// Placeholder of the target LyrebirdIR.
