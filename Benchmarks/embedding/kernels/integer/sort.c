// Quicksort of pseudo-random numbers, n times: recursion and branches that nobody predicts.
enum { count = 1 << 13 };
static unsigned numbers[count];

static void sort(unsigned *low, unsigned *high) {
    while (low < high) {
        unsigned pivot = low[(high - low) / 2], *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot) i++;
            while (*j > pivot) j--;
            if (i <= j) {
                unsigned t = *i;
                *i++ = *j, *j-- = t;
            }
        }
        if (j - low < high - i) sort(low, j), low = i;
        else sort(i, high), high = j;
    }
}

unsigned long kernel(unsigned long n) {
    unsigned long sum = 0, state = 1;
    while (n--) {
        for (unsigned i = 0; i < count; i++) {
            state = state * 6364136223846793005ul + 1442695040888963407ul;
            numbers[i] = state >> 33;
        }
        sort(numbers, numbers + count - 1);
        for (unsigned i = 0; i < count; i += 97) sum = sum * 31 + numbers[i];
    }
    return sum;
}
