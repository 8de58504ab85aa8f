// The C side of Lyrebird: what Swift cannot say. No policy here.
#pragma once
#include "context.h"
#include "cpuid_features.h"
#include "float.h"
#include "host.h"
#include "host_calls.h"
#include "special.h"
#include "sse.h"
#include "x87.h"
