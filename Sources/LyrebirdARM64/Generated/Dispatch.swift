// Generated from Spec/arm64.decode by Scripts/generators/arm64_decode.py; do not edit.

// No encoding has a lifter yet.
