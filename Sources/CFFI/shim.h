// libffi, and its call as a function of one argument, so that it can be made where faults come back (CPU.callGuarded).
#pragma once
#include <ffi.h>

struct lyrebird_ffi_call {
    ffi_cif *cif;
    void (*function)(void);
    void *result;
    void **arguments;
};

static inline void lyrebird_ffi_run(void *opaque) {
    struct lyrebird_ffi_call *call = opaque;
    ffi_call(call->cif, call->function, call->result, call->arguments);
}
