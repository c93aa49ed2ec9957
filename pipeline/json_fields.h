// What the JSON documents of an output have in common: how their fields are written, and how they
// are read without being believed.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/content_id.h"
#include "core/error.h"
#include "core/kernel_identity.h"
#include "pipeline/run.h"

namespace btfbatch {

using Json = nlohmann::ordered_json;

// The version of btfbatch.json and of index.json.
inline constexpr unsigned kDocumentVersion = 1;

// What makes a document unreadable. Only thrown and caught by those who read documents, since the
// JSON library speaks of wrong types by exceptions too.
struct NotADocument {
  std::string reason;
};

// The text of a document. Bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string dump_document(const Json& json);

void put_identity(Json& json, const KernelIdentity& identity);
[[nodiscard]] Json json_of(const Alias& alias);

// Why the JSON library cannot read a document or a field of it, in words for people.
[[nodiscard]] std::string reason_of(const Json::exception& broken);

// What `from` makes of the document in `text`, or why it cannot: `from` may throw as those below.
template <class From>
[[nodiscard]] Result<std::invoke_result_t<From, const Json&>> read_document(std::string_view text,
                                                                            From from) {
  if (text.empty()) {
    return fail("it is empty");
  }
  try {
    const Json json = Json::parse(text);
    return json.is_object() ? from(json) : throw NotADocument{"it is no JSON object"};
  } catch (const NotADocument& broken) {
    return fail(broken.reason);
  } catch (const Json::exception& broken) {
    return fail(reason_of(broken));
  }
}

// These throw NotADocument, or Json::exception where a field is missing or of another type.
void check_document_version(const Json& json);
[[nodiscard]] std::string path_from(const Json& json, const char* field);  // within the output
template <std::unsigned_integral Number>
[[nodiscard]] Number number_from(const Json& json, const char* field) {
  // get() would convert a fraction, or what is too large, to anything.
  const Json& value = json.at(field);
  if (!value.is_number_unsigned() || !std::in_range<Number>(value.get<std::uint64_t>())) {
    throw NotADocument{std::string(field) + ": not a number in its range"};
  }
  return static_cast<Number>(value.get<std::uint64_t>());
}
[[nodiscard]] ContentId content_id_from(const std::string& hex);
[[nodiscard]] KernelIdentity identity_from(const Json& json);
[[nodiscard]] Alias alias_from(const Json& json);

}  // namespace btfbatch
