// What went wrong, as data. A failure in one kernel must not cost another, so functions that meet
// foreign bytes return a Result and never throw; exceptions are left for bugs and for memory.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace btfbatch {

// One failure, in words for the person who has to mend the input. Read from left to right it goes
// from what was being done to what was found: "kernel 5.4.0-58: read string section: ends at 1200,
// file has 900".
struct Error {
  std::string message;

  // Puts what the caller was doing in front of the message.
  [[nodiscard]] Error within(std::string_view doing) && {
    message.insert(0, std::string(doing) + ": ");
    return std::move(*this);
  }
};

template <class T>
using Result = std::expected<T, Error>;

// Shorthand for `return fail("…")` in a function that returns a Result.
[[nodiscard]] inline std::unexpected<Error> fail(std::string message) {
  return std::unexpected(Error{std::move(message)});
}

// Passes an error on with what the caller was doing in front of it.
[[nodiscard]] inline std::unexpected<Error> fail_within(std::string_view doing, Error error) {
  return std::unexpected(std::move(error).within(doing));
}

}  // namespace btfbatch
