# Joins the page's sources to one C++ file with the text of the page: run as
#   cmake -D FOLDER=pipeline/report/page -D OUTPUT=report_page_text.cpp -P page.cmake
# page.html names the places of the others; scripts are joined in the order of their names.
cmake_minimum_required(VERSION 3.25)

file(READ ${FOLDER}/page.html page)
file(READ ${FOLDER}/page.css style)
file(GLOB scripts ${FOLDER}/*.js)
list(SORT scripts)
set(script "")
foreach(file IN LISTS scripts)
  file(READ ${file} text)
  string(APPEND script "${text}\n")
endforeach()
string(REPLACE "@PAGE_STYLE@" "${style}" page "${page}")
string(REPLACE "@PAGE_SCRIPT@" "${script}" page "${page}")

# Compilers need not take string literals beyond 64 KiB, so they are cut into lines' worth of less.
string(LENGTH "${page}" length)
set(literals "")
set(begin 0)
while(begin LESS length)
  string(SUBSTRING "${page}" ${begin} 8000 piece)
  string(APPEND literals "\n    R\"page(${piece})page\"")
  math(EXPR begin "${begin} + 8000")
endwhile()
file(WRITE ${OUTPUT} "// Made by pipeline/report/page.cmake.
#include <string_view>

namespace btfbatch {
extern const std::string_view kReportPage;
const std::string_view kReportPage =${literals};
}  // namespace btfbatch
")
