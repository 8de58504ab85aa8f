// Placeholder of the target LyrebirdRuntime.
