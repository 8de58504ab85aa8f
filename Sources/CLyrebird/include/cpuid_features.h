// What the processor and the kernel say that they can do, unjudged.

#pragma once

#include <stdint.h>

/// The four registers that CPUID returns.
struct lyrebird_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/// CPUID of a leaf and subleaf; all zero beyond the highest leaf.
struct lyrebird_cpuid lyrebird_cpuid(uint32_t leaf, uint32_t subleaf);

/// XCR0: the register state that the kernel saves. Only where CPUID.1:ECX.OSXSAVE is set.
uint64_t lyrebird_xcr0(void);

/// AT_HWCAP2 of the auxiliary vector (arch/x86/include/uapi/asm/hwcap2.h).
uint64_t lyrebird_hwcap2(void);
