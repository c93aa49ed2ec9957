# Debian packages, by `cpack` in the build folder: btfbatch (the program), libbtfbatch-find0 (the
# shared library) and libbtfbatch-dev. scripts/check_deb.sh makes them and tries them out.
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "btfbatch authors <btfbatch@example.org>"
    CACHE STRING "Who stands for the Debian packages that are made here")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program find dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # else CPack puts the project's before each package's

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME btfbatch)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "smallest BTF for every kernel, for a set of eBPF objects
Takes an archive of kernel BTF, such as BTFHub's, and a set of eBPF objects,
and writes for every kernel the smallest BTF that those objects need. It
stores identical results once, as a tree of files, a tar or one .btfs file.

It also proves that such an output is right.")

set(CPACK_DEBIAN_FIND_PACKAGE_NAME libbtfbatch-find${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_FIND_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_FIND_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/scripts/package/triggers)
set(CPACK_DEBIAN_FIND_DESCRIPTION "finds the BTF of a host's kernel (shared library)
A small C library that finds the BTF of the running kernel, or of a kernel
whose names are given, in what btfbatch wrote: a tree of files, or a .btfs
file in memory.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libbtfbatch-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "libbtfbatch-find${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION}), libbpf-dev, libelf-dev, \
libtbb-dev, libarchive-dev, zlib1g-dev, libxxhash-dev, libzstd-dev, libspdlog-dev, libfmt-dev, \
nlohmann-json3-dev, pkg-config")
set(CPACK_DEBIAN_DEV_DESCRIPTION "minimizes kernel BTF and finds it on a host (development files)
Headers, static libraries and the files of CMake and pkg-config for three
libraries: minimizing one kernel's BTF (C++), doing so for a whole archive
(C++), and finding the BTF of a host's kernel (C).")

# What Debian wants to know of each package.
find_program(BTFBATCH_GZIP gzip REQUIRED)
set(doc_folder ${PROJECT_BINARY_DIR}/package/doc)
file(MAKE_DIRECTORY ${doc_folder})
file(READ LICENSE license)
file(WRITE ${doc_folder}/copyright "btfbatch is under this licence:\n\n${license}")
configure_file(scripts/package/changelog.in package/doc/changelog @ONLY)
execute_process(COMMAND ${BTFBATCH_GZIP} -9nc ${doc_folder}/changelog
                OUTPUT_FILE ${doc_folder}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
foreach(component program find dev)
  string(TOUPPER ${component} upper)
  install(FILES ${doc_folder}/copyright ${doc_folder}/changelog.gz
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}
          COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()
include(CPack)
