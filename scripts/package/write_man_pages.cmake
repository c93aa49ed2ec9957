# cmake -D PROGRAM=… -D FOLDER=… -D LIBRARY_PAGE=… -P write_man_pages.cmake
#
# Writes the manual page of every command of PROGRAM, and that of the library, to FOLDER/plain and,
# as Debian wants them, FOLDER/compressed.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER}/plain/man1 ${FOLDER}/plain/man3)
file(COPY ${LIBRARY_PAGE} DESTINATION ${FOLDER}/plain/man3)
execute_process(COMMAND ${PROGRAM} help --completion-helper OUTPUT_VARIABLE told
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[a-z-]+\\|command" commands "${told}")
foreach(command IN LISTS commands)
  string(REPLACE "|command" "" command ${command})
  set(page btfbatch-${command})
  if(command STREQUAL run)
    set(page btfbatch)
  endif()
  execute_process(COMMAND ${PROGRAM} ${command} --man-page
                  OUTPUT_FILE ${FOLDER}/plain/man1/${page}.1 COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(COPY ${FOLDER}/plain/ DESTINATION ${FOLDER}/compressed)
file(GLOB_RECURSE pages ${FOLDER}/compressed/*)
execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
file(TOUCH ${FOLDER}/complete)
