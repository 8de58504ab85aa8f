// CPUID, XGETBV and the auxiliary vector, which Swift cannot reach. On a virtual machine each CPUID is an exit to its host, so
// the leaves that the C library has read at start are taken from there.

#include "cpuid_features.h"

#include <cpuid.h>
#include <sys/auxv.h>
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>

// One of the leaves that glibc (2.33 and later) keeps as they are.
static const uint32_t *kept(uint32_t leaf) {
    unsigned int index = leaf == 1 ? CPUID_INDEX_1 : leaf == 7 ? CPUID_INDEX_7 : CPUID_INDEX_80000001;
    if (leaf != 1 && leaf != 7 && leaf != 0x80000001) return 0;
    return __x86_get_cpuid_feature_leaf(index)->cpuid_array;
}
#else
static const uint32_t *kept(uint32_t leaf) {
    (void)leaf;
    return 0;
}
#endif

struct lyrebird_cpuid lyrebird_cpuid(uint32_t leaf, uint32_t subleaf) {
    const uint32_t *registers = subleaf == 0 ? kept(leaf) : 0;
    if (registers) return (struct lyrebird_cpuid){registers[0], registers[1], registers[2], registers[3]};
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
