#include "CLyrebird.h"
