// A filter in single precision over a buffer: multiplications, additions and a comparison.
enum { length = 1 << 12 };
static float in[length], out[length];

unsigned long kernel(unsigned long n) {
    unsigned long state = 3, clipped = 0;
    for (unsigned i = 0; i < length; i++) {
        state = state * 6364136223846793005ul + 1;
        in[i] = (float)(int)(state >> 44) * (1.0f / (1 << 20));
    }
    while (n--) {
        float low = 0, band = 0;
        for (unsigned i = 0; i < length; i++) {
            low += 0.1f * band;
            float high = in[i] - low - 0.5f * band;
            band += 0.1f * high;
            if (band > 0.25f) band = 0.25f, clipped++;
            out[i] = band;
        }
        in[n % length] = out[(n * 17) % length];
    }
    return clipped * 31 + (unsigned long)(long)(out[77] * 1e6f);
}
