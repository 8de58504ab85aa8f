#pragma once

#include "cpuid_features.h"
