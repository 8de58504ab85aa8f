// Placeholder of the target LyrebirdLinux.
