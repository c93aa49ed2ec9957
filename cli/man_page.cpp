// The texts of --help are laid out for a terminal, and man(7) wants to know what is what. Few
// shapes occur, and each is told by its indentation:
//
//   a line that is not indented        running text, filled anew
//   "  copy      a file for each path"  an item: a term, two or more spaces, and what it means,
//                                       which may go on in lines that are indented more
//   any other line that is indented     an example, kept as it is
//
// In the footer, a line such as "Exit codes:" is a headline, and what belongs to it is indented.
#include "cli/man_page.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "cli/commands.h"

namespace btfbatch::cli {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::string_view kBlanks = " ";

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(kBlanks), line.size());
}

// Text as roff's input: its own characters stay what they are, and no line is taken for a request.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      default:
        result += c;
    }
  }
  return result.starts_with('.') ? "\\&" + result : result;
}

struct Item {
  std::string_view term;
  std::string_view text;
};

std::optional<Item> as_item(std::string_view line) {
  const std::string_view inner = line.substr(indentation(line));
  const std::size_t gap = inner.find("  ");
  if (gap == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view text = inner.substr(gap);
  text = text.substr(indentation(text));
  if (text.starts_with('#')) {
    return std::nullopt;  // an example with a comment
  }
  return Item{inner.substr(0, gap), text};
}

// The block's lines, of which the least indented begin after `margin` blanks.
std::string rendered(std::span<const std::string_view> lines, std::size_t margin = 0) {
  std::string roff;
  bool breaks = false;  // whether what follows begins a new paragraph
  for (std::size_t i = 0; i < lines.size();) {
    const std::string_view line = lines[i];
    const std::size_t indented = indentation(line);
    if (indented == line.size()) {
      breaks = true;
      ++i;
    } else if (const auto item = as_item(line); item) {
      roff += fmt::format(".TP\n.B {}\n{}\n", escaped(item->term), escaped(item->text));
      for (++i; i < lines.size() && indentation(lines[i]) > indented &&
                indentation(lines[i]) < lines[i].size();
           ++i) {
        roff += escaped(lines[i].substr(indentation(lines[i]))) + "\n";
      }
      breaks = true;
    } else if (indented > margin) {
      roff += ".PP\n.RS 4\n.EX\n";
      for (; i < lines.size() && indentation(lines[i]) > margin && !as_item(lines[i]); ++i) {
        roff += escaped(lines[i].substr(std::min(indented, indentation(lines[i])))) + "\n";
      }
      roff += ".EE\n.RE\n";
      breaks = true;
    } else {
      roff += breaks && !roff.empty() ? ".PP\n" : "";
      roff += escaped(line.substr(margin)) + "\n";
      breaks = false;
      ++i;
    }
  }
  return roff;
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return result;
}

// "-j, --jobs N" in the fonts that manual pages have for it.
std::string term_of(const CLI::Option& option) {
  std::string term;
  for (const std::string& name : option.get_snames()) {
    term += (term.empty() ? "\\fB" : ", \\fB") + escaped("-" + name) + "\\fR";
  }
  for (const std::string& name : option.get_lnames()) {
    term += (term.empty() ? "\\fB" : ", \\fB") + escaped("--" + name) + "\\fR";
  }
  if (option.get_positional()) {
    return "\\fI" + escaped(option.get_name(true, false)) + "\\fR";
  }
  const std::string& value = option.get_option_text();
  return value.empty() ? term : term + " \\fI" + escaped(value) + "\\fR";
}

std::string described(const CLI::Option& option) {
  const Lines lines = lines_of(option.get_description());
  const auto plain_end =
      std::ranges::find_if(lines, [](std::string_view line) { return indentation(line) > 0; });
  const auto plain = static_cast<std::size_t>(plain_end - lines.begin());
  const std::span all(lines);
  std::string roff = ".TP\n" + term_of(option) + "\n" + rendered(all.first(plain));
  if (plain < lines.size()) {
    roff += ".RS\n" + rendered(all.subspan(plain)) + ".RE\n";
  }
  return roff;
}

std::string options_section(const CLI::App& app) {
  std::string roff;
  const auto arguments =
      app.get_options([](const CLI::Option* option) { return option->get_positional(); });
  if (!arguments.empty()) {
    roff += ".SH ARGUMENTS\n";
  }
  for (const CLI::Option* argument : arguments) {
    roff += described(*argument);
  }
  roff += ".SH OPTIONS\n";
  for (const std::string& group : app.get_groups()) {
    const auto options = app.get_options([&group](const CLI::Option* option) {
      return option->get_group() == group && option->nonpositional();
    });
    if (group.empty() || options.empty()) {
      continue;
    }
    roff += fmt::format(".SS {}\n", escaped(group));
    for (const CLI::Option* option : options) {
      roff += described(*option);
    }
  }
  return roff;
}

// A usage may have several lines, those after the first indented.
std::string synopsis(std::string_view usage) {
  std::string roff;
  for (const std::string_view line : lines_of(usage)) {
    roff += fmt::format("{}.B {}\n", roff.empty() ? "" : ".br\n",
                        escaped(line.substr(indentation(line))));
  }
  return roff;
}

// "Exit codes:" with lines under it that are indented.
bool is_headline(std::span<const std::string_view> lines, std::size_t i) {
  return indentation(lines[i]) == 0 && lines[i].ends_with(':') && i + 1 < lines.size() &&
         indentation(lines[i + 1]) > 0;
}

std::string footer_sections(std::string_view footer) {
  const Lines lines = lines_of(footer);
  const std::span all(lines);
  std::string roff;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t margin = 0;
    if (is_headline(all, i)) {
      const std::string_view name = all[i].substr(0, all[i].size() - 1);
      roff +=
          fmt::format(".SH {}\n", name == "Exit codes" ? "EXIT STATUS" : escaped(upper_case(name)));
      margin = indentation(all[++i]);
    } else {
      roff += ".SH NOTES\n";
    }
    const std::size_t begin = i;
    while (i < all.size() && !is_headline(all, i)) {
      ++i;
    }
    roff += rendered(all.subspan(begin, i - begin), margin);
  }
  return roff;
}

std::string page_name(std::string_view command) {
  return command == "run" ? "btfbatch" : fmt::format("btfbatch-{}", command);
}

std::string see_also(std::string_view command) {
  std::string roff;
  for (const CommandEntry& entry : commands()) {
    if (entry.name != command) {
      roff +=
          fmt::format("{}.BR {} (1)", roff.empty() ? "" : ",\n", escaped(page_name(entry.name)));
    }
  }
  return ".SH SEE ALSO\n" + roff + ",\n.BR libbtfbatch\\-find (3)\n";
}

}  // namespace

std::string man_page(std::string_view command, const HelpTexts& texts, const CLI::App& app) {
  std::string_view summary;
  for (const CommandEntry& entry : commands()) {
    summary = entry.name == command ? entry.summary : summary;
  }
  const std::string name = escaped(page_name(command));
  return fmt::format(
             ".TH {} 1 {} \"btfbatch {}\" \"User Commands\"\n.nh\n.ad l\n"
             ".SH NAME\n{} \\- {}\n"
             ".SH SYNOPSIS\n{}"
             ".SH DESCRIPTION\n",
             upper_case(name), BTFBATCH_RELEASE_DATE, BTFBATCH_VERSION, name, escaped(summary),
             synopsis(texts.usage)) +
         rendered(lines_of(texts.description)) + options_section(app) +
         footer_sections(texts.footer) + see_also(command);
}

}  // namespace btfbatch::cli
