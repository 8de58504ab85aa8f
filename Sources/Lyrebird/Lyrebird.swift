// Placeholder of the target Lyrebird.
