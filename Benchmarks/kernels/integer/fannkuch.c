// Flips of prefixes of all permutations (after Anderson and Rettig's fannkuch): short loops over bytes.

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 10;
    unsigned char order[16], flipped[16], turns[16];
    int most = 0, checksum = 0, parity = 0, reach = n;
    for (int i = 0; i < n; i++) order[i] = i;
    for (;;) {
        for (; reach > 1; reach--) turns[reach - 1] = reach;
        int flips = 0;
        for (int i = 0; i < n; i++) flipped[i] = order[i];
        for (int first; (first = flipped[0]); flips++)
            for (int low = 0, high = first; low < high; low++, high--) {
                unsigned char t = flipped[low];
                flipped[low] = flipped[high];
                flipped[high] = t;
            }
        if (flips > most) most = flips;
        checksum += parity ? -flips : flips;
        parity ^= 1;
        for (;; reach++) {
            if (reach == n) {
                printf("%d %d\n", checksum, most);
                return 0;
            }
            unsigned char first = order[0];
            for (int i = 0; i < reach; i++) order[i] = order[i + 1];
            order[reach] = first;
            if (--turns[reach] > 0) break;
        }
    }
}
