// The engine's inbox: answers of all workers and the operator's wishes, in the order of their arrival.
#pragma once

#include "engine/input.h"
#include "runtime/mailbox.h"

namespace ddsync::runtime {

using Inbox = Mailbox<Input>;

}  // namespace ddsync::runtime
