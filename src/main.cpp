#include "cli/main.h"

int main(int argc, char** argv) { return ddsync::cli::main(argc, argv); }
