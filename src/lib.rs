//! `segc`: a compiler for segmentation networks and for spaces of them.
