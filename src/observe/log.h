// The log: text or JSON lines on standard error, for the person on call. Every text passes a last filter
// that masks credentials in anything that looks like a MongoDB URI. Nobody who logs waits until a line is
// written: lines wait for write_log and flush_log, and when too many do, more are dropped and counted.
// Thread-safety: all functions may be called from any thread after init.
#pragma once

#include <string_view>

#include "config/config.h"

namespace ddsync::observe {

void init_log(config::LogLevel level, config::LogFormat format);

void log_debug(std::string_view text);
void log_info(std::string_view text);
void log_warning(std::string_view text);
void log_error(std::string_view text);
// What other threads still have to say is dropped.
void log_last(std::string_view text);
void log_last_error(std::string_view text);

// Writes what is logged from now on: the work of a thread that does not end.
void write_log();
// Returns when all that was logged is written: never, when nobody reads it.
void flush_log();

// A line on the terminal that is replaced in place and no record of anything. A line of the log erases it.
void show_live_line(std::string_view text);
void clear_live_line();

}  // namespace ddsync::observe
