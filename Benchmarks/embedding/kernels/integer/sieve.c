// Primes below a limit by Eratosthenes' sieve, n times: stores with a stride, and a count.
enum { limit = 1 << 18 };
static unsigned char composite[limit];

unsigned long kernel(unsigned long n) {
    unsigned long sum = 0;
    while (n--) {
        for (unsigned i = 0; i < limit; i++) composite[i] = 0;
        for (unsigned i = 2; i * i < limit; i++)
            if (!composite[i])
                for (unsigned j = i * i; j < limit; j += i) composite[j] = 1;
        for (unsigned i = 2; i < limit; i++) sum += !composite[i];
    }
    return sum;
}
