#pragma once
// Preloaded (LD_PRELOAD), counts every allocation of a process in the first eight bytes of the file that ALLOCATION_COUNT
// names. There is nothing to call.
