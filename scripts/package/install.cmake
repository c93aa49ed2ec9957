# What `cmake --install` puts where: into the folders of GNUInstallDirs, all of it movable as a whole.
# The components are what scripts/package/debian.cmake makes packages of:
#
#   program  btfbatch with its manual pages, completion and profiles
#   find     libbtfbatch-find, the shared library
#   dev      what others build with: headers, static libraries, CMake's and pkg-config's files
#   plain    what the packages have in another form: manual pages not compressed, and so on
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# find_package(btfbatch) is told of btfbatch::find, find_static, core and pipeline. Headers include
# each other as in this repository: "core/btf/view.h", below include/btfbatch.
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/btfbatch)
set_target_properties(btfbatch_find_shared PROPERTIES EXPORT_NAME find)
set_target_properties(btfbatch_find PROPERTIES EXPORT_NAME find_static)
set_target_properties(btfbatch_core PROPERTIES EXPORT_NAME core)
set_target_properties(btfbatch_pipeline PROPERTIES EXPORT_NAME pipeline)
install(TARGETS btfbatch RUNTIME COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/docs/json.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
        COMPONENT program)
install(TARGETS btfbatch_find btfbatch_find_shared EXPORT btfbatch-find
        ARCHIVE COMPONENT dev
        LIBRARY COMPONENT find NAMELINK_COMPONENT dev
        PUBLIC_HEADER COMPONENT dev)
install(TARGETS btfbatch_core EXPORT btfbatch-core ARCHIVE COMPONENT dev)
install(TARGETS btfbatch_pipeline EXPORT btfbatch-pipeline ARCHIVE COMPONENT dev)
install(DIRECTORY core pipeline DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/btfbatch COMPONENT dev
        FILES_MATCHING PATTERN "*.h" PATTERN core/find/go EXCLUDE)
foreach(part find core pipeline)
  install(EXPORT btfbatch-${part} NAMESPACE btfbatch:: FILE btfbatch-${part}-targets.cmake
          DESTINATION ${config_folder} COMPONENT dev)
endforeach()
configure_package_config_file(scripts/package/btfbatchConfig.cmake.in package/btfbatchConfig.cmake
  INSTALL_DESTINATION ${config_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/btfbatchConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/btfbatchConfig.cmake
              ${PROJECT_BINARY_DIR}/package/btfbatchConfigVersion.cmake
        DESTINATION ${config_folder} COMPONENT dev)

file(RELATIVE_PATH BTFBATCH_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(core/find/btfbatch-find.pc.in core/find/btfbatch-find.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/core/find/btfbatch-find.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

# Manual pages: each command tells its own, so one that is new needs no line here.
set(page_folder ${PROJECT_BINARY_DIR}/package/man)
configure_file(core/find/libbtfbatch-find.3.in package/libbtfbatch-find.3 @ONLY)
add_custom_command(
  OUTPUT ${page_folder}/complete
  COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:btfbatch> -D FOLDER=${page_folder}
          -D LIBRARY_PAGE=${PROJECT_BINARY_DIR}/package/libbtfbatch-find.3
          -P ${PROJECT_SOURCE_DIR}/scripts/package/write_man_pages.cmake
  DEPENDS btfbatch scripts/package/write_man_pages.cmake
          ${PROJECT_BINARY_DIR}/package/libbtfbatch-find.3
  COMMENT "Writing manual pages" VERBATIM)
add_custom_target(man_pages ALL DEPENDS ${page_folder}/complete)
install(DIRECTORY ${page_folder}/plain/ DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT plain)
install(DIRECTORY ${page_folder}/compressed/man1 DESTINATION ${CMAKE_INSTALL_MANDIR}
        COMPONENT program EXCLUDE_FROM_ALL)
install(DIRECTORY ${page_folder}/compressed/man3 DESTINATION ${CMAKE_INSTALL_MANDIR}
        COMPONENT dev EXCLUDE_FROM_ALL)

# Completion. Debian's zsh looks for that of packages in a folder of its own.
install(FILES cli/completion/btfbatch.bash RENAME btfbatch
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES cli/completion/_btfbatch
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT plain)
install(FILES cli/completion/_btfbatch
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
        COMPONENT program EXCLUDE_FROM_ALL)

# Profiles and examples that people copy, and the licence.
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT program)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT plain)
