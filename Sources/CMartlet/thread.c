#include "CMartlet.h"

__thread bool martlet_thread_runs_loop = false;

extern void martlet_install_executors(void);

// Runs before main in every program that links MartletLoop: Swift's runtime asks for its executors once, at the first
// job.
__attribute__((constructor)) static void install_executors(void) { martlet_install_executors(); }
