// A document that no event of the source brought (a repair, a copied one), in the form of a change event: for
// the ledger and the dead-letter store.
#pragma once

#include <string>
#include <string_view>

#include "bson/view.h"
#include "engine/namespace.h"

namespace ddsync {

// `origin` stands in the token's place: "repair", "copy". `document` empty: a delete.
std::string document_event(std::string_view origin, const Namespace& ns, ValueView id, DocumentView document);

}  // namespace ddsync
