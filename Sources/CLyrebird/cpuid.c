// CPUID, XGETBV and the auxiliary vector, which Swift cannot reach.

#include "cpuid_features.h"

#include <cpuid.h>
#include <sys/auxv.h>

struct lyrebird_cpuid lyrebird_cpuid(uint32_t leaf, uint32_t subleaf) {
    struct lyrebird_cpuid result = {0, 0, 0, 0};
    __get_cpuid_count(leaf, subleaf, &result.eax, &result.ebx, &result.ecx, &result.edx);
    return result;
}

uint64_t lyrebird_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint64_t lyrebird_hwcap2(void) {
    return getauxval(AT_HWCAP2);
}
