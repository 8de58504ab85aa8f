/* A floating-point result as an integer. */
static inline unsigned long bits(double value) {
    union { double value; unsigned long bits; } both = {value};
    return both.bits;
}
