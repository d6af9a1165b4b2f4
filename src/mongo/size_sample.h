// Looks at the sizes of some documents of a collection and of their keys; they are measured at the server,
// so that a reply is small. Pure; internal to mongo/.
#pragma once

#include <string>
#include <vector>

#include "mongo/inspector.h"

namespace ddsync::mongo {

// How many documents are looked at.
inline constexpr uint64_t kSampledDocuments_max = 100;

// The pipeline; `documents`: so many the collection holds (an estimate). Random ones of a large collection;
// of a small one the first: a server finds random ones of few by reading all of them.
std::string size_pipeline(uint64_t documents, const std::vector<OwnedDocument>& indexes);
// For servers that cannot measure: the _ids themselves.
std::string id_pipeline(uint64_t documents);

// Takes one document that either of them gave.
void take_sizes(DocumentView measured, const std::vector<OwnedDocument>& indexes, SizeSample& sample);

}  // namespace ddsync::mongo
